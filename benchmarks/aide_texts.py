"""The fixed texts of AIDE's prompts and replies, in our words and as long as AIDE's own."""

from __future__ import annotations

#: AIDE's own sections with their headings, in tokens of cl100k_base, counted on version 0.2.2 from PyPI.
SECTIONS = {
    "introduction of a draft": 53,
    "introduction of an improvement": 72,
    "introduction of a fix": 65,
    "introduction of a review": 50,
    "response format": 77,
    "guideline of a draft": 108,
    "guideline of an improvement": 94,
    "guideline of a fix": 43,
    "implementation guideline": 223,
    "installed packages": 95,
    "review function": 233,
}
PLAN = (
    "The solution builds one gradient boosting model on the tabular features after a light preprocessing step. "
    "Numeric columns are used as they are with their gaps filled by the median, and categorical columns are turned "
    "into ordinal codes with a code of their own for unseen levels. The model is trained with moderate depth, a small "
    "learning rate and early stopping on the validation part of each fold. Performance is estimated by stratified "
    "5-fold cross-validation, and the mean of the metric over the folds is printed at the end."
)
FINDING = (
    "The script ran to its end without errors and reported the mean of the validation metric over five folds. The "
    "scores of the folds lie close to each other, which suggests that the estimate is stable and that the model does "
    "not overfit much. The features added in this step seem to help a little compared with the earlier solution, while "
    "the spread of the scores is of about the same size as the gain. Further gains may come from tuning or from a "
    "richer encoding."
)
BUG = (
    "The execution failed with an exception before any validation metric was printed. The traceback shows that the "
    "data handed to the estimator do not have the type that it expects, because one of the columns was not encoded "
    "before the fit. To fix this, encode the column inside of the pipeline, check the types of all columns before "
    "training, and make sure that the same steps are applied to the validation part."
)
INTRODUCTIONS = {
    "draft": (
        "You are a Kaggle champion who takes part in a competition. To win it you have to think of a strong and "
        "original plan for a solution, and to write that solution in Python afterwards. "
        "The description of the task follows now."
    ),
    "improve": (
        "You are a Kaggle champion who takes part in a competition. A solution that was developed before is given "
        "below, and you should improve it so that its performance (at test time) goes up. Begin with a short plan in "
        "plain words of how the solution can be improved, and then write this improvement in Python, starting from "
        "that solution."
    ),
    "debug": (
        "You are a Kaggle champion who takes part in a competition. Your last solution contained a bug, so use the "
        "information that follows to revise it and get rid of this bug. Answer with an outline of the "
        "implementation in plain words, and after it one single markdown block of code that holds the fixed solution."
    ),
    "review": (
        "You are a Kaggle champion who takes part in a competition. The code that you wrote for this task was run, "
        "and its output must be judged now. Say whether there were any bugs, and report what was found in it."
    ),
}
RESPONSE = (
    "Answer with a brief sketch or outline of the solution that you propose, in plain words (3-5 sentences), and after "
    "it one single markdown block of code (between ```) that implements this solution and prints the metric of the "
    "evaluation. Add no other headings or text to the answer: only text in plain words, a line end and then the "
    "block of code."
)
GUIDELINES = {
    "draft": (
        "Solution sketch guideline",
        [
            "Keep this first design rather simple, without ensembles or a search for hyper-parameters.",
            "Look at the section Memory when you propose the design: repeat no modelling solution, but keep the "
            "evaluation as it is.",
            "Sketch the solution in 3-5 sentences.",
            "Propose a metric that makes sense for this task.",
            "Do not propose to do EDA.",
            "The data are prepared and lie in the folder `./input` already. No file has to be unzipped.",
        ],
    ),
    "improve": (
        "Solution improvement sketch guideline",
        [
            "Sketch in plain words and briefly in which way the solution that is given can be made better.",
            "Be very specific, and propose no more than one improvement that can be acted on.",
            "Keep this improvement atomic, so that an experiment can measure the effect of the change.",
            "Look at the section Memory when you propose the improvement.",
            "Sketch the solution in 3-5 sentences.",
            "Do not propose to do EDA.",
        ],
    ),
    "debug": (
        "Bugfix improvement sketch guideline",
        [
            "Describe briefly and in plain words (3-5 sentences) how the problem of the previous implementation can "
            "be solved in this one.",
            "Do not propose to do EDA.",
        ],
    ),
}
IMPLEMENTATION = [
    "The code must **implement the solution that was proposed** and **print the metric of the evaluation as measured "
    "on validation data that were held out**.",
    "The code must be a Python program in one file that is complete and can be run as it stands.",
    "Leave out no part of the code, and do not end the program before its end.",
    "Your answer must hold one single block of code.",
    "Mind how long the code runs: it has to be done within an hour.",
    'All data that come with the task are in the folder "./input".',
    "**Where test data come with this task, save the predictions for them in a file `submission.csv` in the folder "
    '"./working", as the description of the task asks for.** This matters very much, because the file is what '
    "the grading looks at. NEVER FORGET TO WRITE submission.csv!",
    'The folder "./working" may be used as well for whatever temporary files your code has to write.',
    "Evaluate by 5-fold cross-validation, but only where that is an appropriate way to evaluate for this task.",
]
PACKAGES = [
    "numpy", "pandas", "scikit-learn", "statsmodels", "xgboost", "lightGBM", "torch", "torchvision", "torch-geometric",
    "bayesian-optimization", "timm",
]  # fmt: skip
REVIEW_FUNCTION = {
    "type": "function",
    "name": "submit_review",
    "description": "Hand in a judgement of what the training script printed.",
    "parameters": {
        "type": "object",
        "properties": {
            "is_bug": {
                "type": "boolean",
                "description": "true where the output shows that the run failed or has a bug, else false.",
            },
            "summary": {
                "type": "string",
                "description": "where there is a bug, propose how to fix it. Else give a short summary (2-3 sentences) "
                "of what was found.",
            },
            "metric": {
                "type": "number",
                "description": "Where the code ran to its end, the value of the metric on the validation data. Else "
                "null is to be left here.",
            },
            "lower_is_better": {
                "type": "boolean",
                "description": "true where the metric is to be minimized (a lower value is the better one, as "
                "with MSE), false where the metric is to be maximized (a higher value is the better one, as with "
                "accuracy).",
            },
        },
        "required": ["is_bug", "summary", "metric", "lower_is_better"],
    },
}
