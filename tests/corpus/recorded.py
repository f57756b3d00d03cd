"""Failures of libraries and machines that are not here, by type and words: none of them was run for this table.

Taken from the libraries' sources or from what others recorded: out of memory (torch), rows on the CPU (TabPFN), texts,
names and infinities (XGBoost), texts (CatBoost), short series (NeuralForecast), labels for columns (pandas 2). For the
licence, the gates and the capacity of TabPFN and huggingface_hub the types are theirs and the sentences are made, for
there the type says enough. What is marked as its own is made up to be near.
"""

from __future__ import annotations

from dataclasses import dataclass

from octopus.records import Failure, Frame, Outcome, Stage, Status

_TORCH, _TABPFN, _XGBOOST, _CATBOOST = "torch", "tabpfn", "xgboost", "catboost"
_HUB, _FORECAST, _PANDAS_2 = "huggingface_hub", "neuralforecast", "pandas 2.3"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An outcome with its words, and the code that must be the first and only one to name it.

    Parameters
    ----------
    code : str
        Code of the right diagnosis.
    words : str
        Library that says it.
    type, message : str
        Of the exception.
    wrapped_in : str or None
        Type of the outermost exception.
    line : str
        Innermost line of the script; empty where there is none.
    near : str
        Code that it looks like and must not get.
    """

    code: str
    words: str
    type: str
    message: str
    stage: Stage = "fit"
    wrapped_in: str | None = None
    line: str = ""
    near: str = ""

    @property
    def id(self) -> str:
        """Name of the test."""
        return f"{self.code} {self.words}: {self.message[:40]}" + (f" (not {self.near})" if self.near else "")

    @property
    def outcome(self) -> Outcome:
        """The outcome of a script that ended this way."""
        frames = (Frame(line=9, function="fit", code=self.line),) if self.line else ()
        failure = Failure(type=self.type, message=self.message, frames=frames, wrapped_in=self.wrapped_in)
        return Outcome(status="error", stage=self.stage, failure=failure)


RECORDED = (
    Recorded(code="OCT206", words=_TORCH, type="OutOfMemoryError",
             message="CUDA out of memory. Tried to allocate 750.00 MiB. GPU 0 has a total capacity of 14.57 GiB of "
             "which 426.75 MiB is free."),
    Recorded(code="OCT206", words=_TORCH, type="RuntimeError",
             message="CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    Recorded(code="OCT206", words=_TORCH, type="RuntimeError",
         message="MPS backend out of memory (MPS allocated: 9 GB)"),
    Recorded(code="OCT206", words=_TABPFN, type="TabPFNCUDAOutOfMemoryError",
             message="CUDA out of memory with 40000 test samples."),
    Recorded(code="OCT206", words=_TABPFN, type="OutOfMemoryError", wrapped_in="TabPFNCUDAOutOfMemoryError",
             message="CUDA out of memory. Tried to allocate 2.00 GiB."),
    Recorded(code="OCT202", near="OCT206", words=_TORCH, type="RuntimeError",
             message="std::bad_alloc: CUDA out of memory is what it is not"),
    Recorded(code="OCT202", words="numpy", type="_ArrayMemoryError",
             message="Unable to allocate 74.5 GiB for an array with shape (100000, 100000) and data type float64"),
    Recorded(code="OCT207", words=_TORCH, type="RuntimeError",
             message="Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"),
    Recorded(code="OCT207", words=_TORCH, type="AssertionError", message="Torch not compiled with CUDA enabled"),
    Recorded(code="OCT207", words=_TORCH, type="RuntimeError", message="No CUDA GPUs are available"),
    Recorded(code="OCT104", near="OCT207", words=_TORCH, type="ModuleNotFoundError",
             message="No module named 'torch_that_is_not_here'"),
    Recorded(code="OCT107", near="OCT207", words="python", type="AssertionError", message="no CUDA here"),
    Recorded(code="OCT203", words="joblib", type="TerminatedWorkerError",
             message="A worker process managed by the executor was unexpectedly terminated."),
    Recorded(code="OCT204", words="python", type="RuntimeError", message="can't start new thread"),
    Recorded(code="OCT204", words="linux", type="OSError", message="[Errno 28] No space left on device"),
    Recorded(code="OCT501", words=_TABPFN, type="RuntimeError",
             message="Running on CPU with more than 1000 samples is not allowed by default due to slow performance.\n"
             "To override this behavior, set the environment variable TABPFN_ALLOW_CPU_LARGE_DATASET=1."),
    Recorded(code="OCT501", words=_TABPFN, type="TabPFNValidationError",
             message="Number of classes 14 exceeds the maximal number of classes supported by TabPFN."),
    Recorded(code="OCT501", words=_TABPFN, type="TabPFNValidationError",
             message="Number of samples 80000 in the input data is greater than the maximum number of samples 50000"),
    Recorded(code="OCT501", words=_FORECAST, type="Exception",
             message="Time series is too short for training, consider setting a smaller input size or set "
             "start_padding_enabled=True"),
    Recorded(code="OCT306", near="OCT501", words=_TABPFN, type="TabPFNValidationError", stage="predict",
             message="X has 7 features, but TabPFNClassifier is expecting 8 features as input."),
    Recorded(code="OCT502", words=_TABPFN, type="TabPFNLicenseError",
             message="You must accept the license of these weights first."),
    Recorded(code="OCT502", words=_TABPFN, type="TabPFNHuggingFaceGatedRepoError", wrapped_in="RuntimeError",
             message="TabPFN weights are in a gated repository; log in to download them."),
    Recorded(code="OCT502", words=_HUB, type="GatedRepoError",
             message="401 Client Error. Cannot access gated repo for url https://huggingface.co/Prior-Labs/x"),
    Recorded(code="OCT502", words=_HUB, type="LocalEntryNotFoundError",
             message="Cannot find an appropriate cached snapshot folder for the specified revision on the local disk"),
    Recorded(code="OCT502", words=_TABPFN, type="RuntimeError",
         message="Failed to download TabPFN: all sources failed"),
    Recorded(code="OCT502", words="requests", type="gaierror", wrapped_in="ConnectionError",
             message="[Errno -3] Temporary failure in name resolution"),
    Recorded(code="OCT106", near="OCT502", words="python", type="FileNotFoundError",
             message="[Errno 2] No such file or directory: 'weights.csv'"),
    Recorded(code="OCT301", words=_XGBOOST, type="ValueError",
             message="DataFrame.dtypes for data must be int, float, bool or category. When categorical type is "
             "supplied, The experimental DMatrix parameter`enable_categorical` must be set to `True`.  Invalid "
             "columns:island: object, sex: object"),
    Recorded(code="OCT301", words=_CATBOOST, type="CatBoostError",
             message="Bad value for num_feature[non_default_doc_idx=0,feature_idx=1]=\"male\": Cannot convert 'male' "
             "to float"),
    Recorded(code="OCT301", words=_CATBOOST, type="CatBoostError",
             message="Invalid type for cat_feature[non-default value idx=0,feature_idx=0]=1.5 : cat_features must be "
             "integer or string, real number values and NaN values should be converted to string."),
    Recorded(code="OCT303", words=_XGBOOST, type="XGBoostError",
             message="[12:00:00] /workspace/src/data/data.cc:1260: Check failed: valid: Input data contains `inf` or a "
             "value too large, while `missing` is not set to `inf`\nStack trace:\n  [bt] (0) libxgboost.so(+0x2e)"),
    Recorded(code="OCT306", words=_XGBOOST, type="ValueError", stage="predict",
             message="feature_names mismatch: ['a', 'b'] ['a', 'c']\nexpected b in input data"),
    Recorded(code="OCT311", words=_XGBOOST, type="ValueError",
             message="feature_names must be string, and may not contain [, ] or <"),
    Recorded(code="OCT311", words=_XGBOOST, type="ValueError", message="feature_names must be unique"),
    Recorded(code="OCT307", words=_XGBOOST, type="ValueError",
             message="Invalid classes inferred from unique values of `y`.  Expected: [0 1 2], got [1 2 3]"),
    Recorded(code="OCT105", words=_XGBOOST, type="TypeError",
             message="XGBModel.fit() got an unexpected keyword argument 'early_stopping_rounds'"),
    Recorded(code="OCT302", words=_PANDAS_2, type="KeyError", line="return X[['body_mas_g']]",
             message='"None of [Index([\'body_mas_g\'], dtype=\'object\')] are in the [columns]"'),
    Recorded(code="OCT302", words=_PANDAS_2, type="KeyError", line="return X['weight']", wrapped_in="KeyError",
             message="'weight'"),
    Recorded(code="OCT301", words=_PANDAS_2, type="TypeError", line="X.mean()",
             message="Could not convert string 'BiscoeDream' to numeric"),
    Recorded(code="OCT199", near="OCT109", words="its own", type="RuntimeError",
             message="the table features.arrow changed while the script ran"),
    Recorded(code="OCT301", near="OCT303", words="sklearn", type="ValueError",
             message="could not convert string to float: 'Input X contains NaN.'"),
    Recorded(code="OCT199", near="OCT301", words="its own", type="RuntimeError", line="run(step)",
             message="step 2 failed: could not convert string to float: 'a'"),
    Recorded(code="OCT199", near="OCT202", words="its own", type="ValueError", line="check(X)",
             message="not enough memory: Unable to allocate 3 GiB"),
)  # fmt: skip

_ENDED: tuple[tuple[str, Status, Stage, str, int | None], ...] = (
    ("OCT201", "timeout", "fit", "", None),
    ("OCT202", "memory", "fit", "4.1 GiB of 4 GiB", None),
    ("OCT203", "killed", "fit", "it died of signal 9", 9),
    ("OCT204", "processes", "fit", "257 processes", None),
    ("OCT204", "disk", "fit", "2 GiB were written", None),
    ("OCT204", "output", "fit", "64 MiB were printed", None),
    ("OCT103", "no_result", "fit", "the process ended itself with exit code 1 and left no result", None),
    ("OCT109", "tampered", "done", "the table features.arrow changed while the script ran", None),
    ("OCT401", "bad_result", "done", "predictions are of type <f4, float64 is expected", None),
    ("OCT403", "bad_result", "done", "3 of 120 predictions are missing or infinite", None),
    ("OCT404", "bad_result", "done", "predictions have shape (30, 2), (30, 3) is expected", None),
    ("OCT405", "bad_result", "done", "probabilities of a row sum to 0.5, 1 is expected", None),
    ("OCT199", "not_run", "start", "no child could be started", None),
)
#: Statuses that the supervisor sets, each with the code that names it.
ENDED = tuple(
    (code, Outcome(status=status, stage=stage, reason=reason, signal=number, wall_s=30.0, cpu_s=29.0))
    for code, status, stage, reason, number in _ENDED
)
