"""The words of libraries for what went wrong: type, beginning of the message, code. The first that fits counts."""

from __future__ import annotations

from typing import NamedTuple


class Phrase(NamedTuple):
    """One row: ``types`` are separated by blanks, ``message`` is a regular expression, ``when`` names a condition."""

    code: str
    types: str
    message: str
    when: str = ""


_VALUE = "ValueError"
_TYPE = "TypeError"
_LGBM = "LightGBMError"
_ATTR = "AttributeError"
_STR_METHODS = "split|strip|lower|upper|replace|startswith|endswith|find|join|encode|title|isdigit|lstrip|rstrip"
_OFFLINE = (
    "gaierror URLError HTTPError ConnectionError ConnectTimeout ConnectError ProxyError MaxRetryError "
    "NewConnectionError NameResolutionError SSLError SSLCertVerificationError ConnectionRefusedError"
)
_NO_WEIGHTS = (
    "TabPFNLicenseError TabPFNHuggingFaceGatedRepoError GatedRepoError RepositoryNotFoundError LocalEntryNotFoundError "
    "HfHubHTTPError OfflineModeIsEnabled"
)

_USED_UP = (
    Phrase("OCT202", "MemoryError _ArrayMemoryError ArrowMemoryError", ""),
    Phrase("OCT202", f"RuntimeError OSError {_LGBM}", r"std::bad_alloc|Unable to allocate|\[Errno 12\]"),
    Phrase("OCT206", "OutOfMemoryError TabPFNCUDAOutOfMemoryError TabPFNMPSOutOfMemoryError", ""),
    Phrase(
        "OCT206",
        "RuntimeError XGBoostError AcceleratorError",
        "CUDA out of memory|CUDA error: (?:out of memory|CUBLAS_STATUS_ALLOC_FAILED)|MPS backend out of memory"
        "|cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    ),
    Phrase("OCT207", _LGBM, "No OpenCL device found|(?:GPU|CUDA) Tree Learner was not enabled"),
    Phrase(
        "OCT207",
        "RuntimeError AssertionError",
        "Found no NVIDIA driver|No CUDA GPUs are available|Torch not compiled with CUDA"
        "|Attempting to deserialize object on a CUDA device|CUDA error: no kernel image",
    ),
    Phrase("OCT204", "OSError", r"\[Errno (?:24|27|28)\]"),
    Phrase("OCT204", "RuntimeError BlockingIOError", r"can't start new thread|\[Errno 11\]"),
    Phrase("OCT203", "TerminatedWorkerError BrokenProcessPool", ""),
    Phrase("OCT205", "EOFError", "EOF when reading a line"),
    Phrase("OCT103", "SystemExit", ""),
)

_NOT_HERE = (
    Phrase("OCT402", "PicklingError", ""),
    Phrase(
        "OCT402",
        f"{_ATTR} {_TYPE}",
        "Can't (?:pickle|get local object)|Can't get attribute '.*' on <module|cannot pickle"
        "|attribute lookup .* failed",
    ),
    Phrase("OCT502", _NO_WEIGHTS, ""),
    Phrase("OCT502", _OFFLINE, ""),
    Phrase("OCT502", "FileNotFoundError", "", "a file of weights"),
    Phrase(
        "OCT502", "OSError RuntimeError", "We couldn't connect to 'https://|Failed to download|One or more models fai"
    ),
    Phrase("OCT501", "Exception", "Time series is too short for training"),
    Phrase("OCT501", "TabPFNValidationError", "Number of (?:samples|features|classes) "),
    Phrase("OCT501", "RuntimeError", r"Running on CPU with more than \d+ samples"),
    Phrase(
        "OCT501",
        _VALUE,
        r"Categorical feature .* is expected to have a cardinality|n_components=\d+ must be between"
        r"|Expected n_neighbors <=|n_samples=\d+ should be >= n_clusters",
    ),
    Phrase("OCT104", "ModuleNotFoundError", "No module named '", "the package is not installed"),
    Phrase("OCT104", "ImportError", "Missing optional dependency '|`Import \\w+` failed"),
)

_CALLED = (
    Phrase("OCT101", "SyntaxError IndentationError TabError", "", "while the script is loaded"),
    Phrase("OCT105", "ModuleNotFoundError", "No module named '", "the package is installed"),
    Phrase("OCT105", "ImportError", r"cannot import name '|`\w+` has been removed"),
    Phrase(
        "OCT108",
        _TYPE,
        r"\w+\.\w+\(\) (?:takes|missing|got an unexpected)",
        "the method is one that scikit-learn calls",
    ),
    Phrase("OCT108", _TYPE, r"\w+\.get_params\(\) missing"),
    Phrase("OCT107", _TYPE, r"[\w.<>]+\(\) (?:takes|missing|got an? )", "the function is the script's"),
    Phrase("OCT105", _TYPE, r"(?:[\w.]+\(\) )?got an unexpected keyword argument '"),
    Phrase(
        "OCT105",
        _TYPE,
        r"[\w.]+\(\) (?:takes (?:from )?\d|missing \d|got multiple values)",
        "the function is a library's",
    ),
    Phrase("OCT105", "InvalidParameterError", ""),
    Phrase(
        "OCT105",
        _VALUE,
        r"Invalid parameter '|Invalid frequency: |'\w+' is no longer supported for offsets"
        r"|Solver \w+ supports only|\S+ does not accept the \w+ parameter|'.*' is not a valid scoring value",
    ),
    Phrase("OCT105", _LGBM, r"Unknown objective type name|Check failed: \(|Unknown parameter"),
    Phrase(
        "OCT108",
        _TYPE,
        "Cannot clone object|All intermediate steps should be|Last step of Pipeline should|All estimators ",
    ),
    Phrase("OCT108", "RuntimeError", "Cannot clone object|scikit-learn estimators should always specify"),
    Phrase("OCT108", "NotFittedError UnsetMetadataPassedError", ""),
    Phrase("OCT108", _VALUE, "The estimator .* should be a (?:classifier|regressor)"),
    Phrase("OCT108", _ATTR, ".*'__sklearn_tags__'"),
    Phrase("OCT108", _ATTR, "'NoneType' object has no attribute", "fit gave nothing back"),
    Phrase("OCT108", _ATTR, r"'\w+' object has no attribute", "an own class lacks what scikit-learn asks of it"),
    Phrase("OCT106", "FileNotFoundError", "", "no file of weights"),
    Phrase("OCT106", "IsADirectoryError NotADirectoryError PermissionError FileExistsError", ""),
    Phrase("OCT106", "OSError", r"\[Errno 30\]|Cannot save file into a non-existent directory"),
)

_TABLE = (
    Phrase("OCT312", _ATTR, r"'(?:numpy\.)?ndarray' object has no|'(?:cs[rc]|coo)_(?:matrix|array)' object has no"),
    Phrase("OCT312", "IndexError", "only integers, slices"),
    Phrase(
        "OCT312",
        f"{_VALUE} {_TYPE}",
        "Specifying the columns using strings is only|Cannot center sparse matrices"
        "|Pandas output does not support sparse|Sparse data was passed|A sparse matrix was passed",
    ),
    Phrase("OCT302", "KeyError", "", "a column is asked for"),
    Phrase("OCT308", "KeyError", r"\[[\d, -]+\] not in index|None of \[.*\] are in the \[index\]"),
    Phrase("OCT308", "KeyError", r"-?\d+$", "out of an index"),
    Phrase("OCT308", _VALUE, r"-?\d+ is not in range", "out of an index"),
    Phrase(
        "OCT302",
        f"KeyError {_VALUE}",
        r"None of .* are in the \[?columns|\[.*\] not in index|.* not found in axis|columns are missing:"
        "|Some column names are not columns|A given column is not a column|Only a column name can be used"
        r"|(?:Label|Column)\(s\) \[.*\] do not exist|The following .* not present in the DataFrame"
        r"|.* not in the \[columns\]",
    ),
    Phrase("OCT302", "KeyError", r"\['.*'\]$|Index\(\[.*\], dtype"),
    Phrase("OCT302", _VALUE, "'.*' is not in list$", "inside a ColumnTransformer"),
    Phrase("OCT302", "UndefinedVariableError ColumnNotFoundError", ""),
    Phrase("OCT302", _ATTR, "'DataFrame' object has no attribute '", "the name is almost that of a column"),
    Phrase("OCT304", "KeyError", "", "a value that fit never saw"),
    Phrase("OCT304", _VALUE, "'.*' is not in list$", "while it predicts, inside the script"),
    Phrase("OCT304", f"{_VALUE} {_TYPE}", "Found unknown categories|y contains previously unseen labels"),
    Phrase(
        "OCT304", _TYPE, "Cannot setitem on a Categorical with a new category|Cannot set a Categorical with another"
    ),
    Phrase("OCT308", "IndexingError InvalidIndexError", ""),
    Phrase(
        "OCT308",
        f"{_VALUE} IndexError",
        "cannot reindex on an axis with duplicate|Can only compare identically-labeled"
        "|Index contains duplicate entries|Item wrong length|Boolean index has wrong length"
        "|boolean index did not match|Cannot set a DataFrame with multiple columns"
        "|Columns must be same length as key",
    ),
    Phrase("OCT311", _LGBM, r"Do not support special JSON|Feature \(.*\) appears more than one time"),
    Phrase(
        "OCT311", f"{_TYPE} {_VALUE}", "Feature names are only supported if|feature_names must be (?:string|unique)"
    ),
    Phrase(
        "OCT306",
        f"{_VALUE} TabPFNValidationError {_LGBM} XGBoostError",
        r"X has \d+ features?, but|The feature names should match|feature_names mismatch|Feature shape mismatch"
        "|train and valid dataset categorical_feature|The number of features in data"
        "|Number of features of the model",
    ),
    Phrase(
        "OCT305",
        f"{_VALUE} IndexError {_LGBM} {_TYPE}",
        "Found input variables with inconsistent|Expected 2D array|Expected a 2-dimensional container"
        "|Found array with |operands could not be broadcast|could not broadcast|shape mismatch"
        r"|all the input array|all input arrays must|matmul: |shapes \(|Length of (?:values|label)|Length mismatch"
        "|cannot reshape array|setting an array element with|y should be a 1d array|bad input shape"
        r"|blocks\[.*incompatible|Shape of passed values|Must pass 2-d input|Data must be 1-dim"
        "|Per-column arrays must|too many indices for array|All arrays must be of the same length"
        r"|Buffer has wrong number of dim|dimension mismatch|sample_weight\.shape == ",
    ),
)

_VALUES = (
    Phrase("OCT307", _VALUE, "Input y contains"),
    Phrase("OCT307", _VALUE, "Input contains (?:NaN|infinity)", "the target is transformed"),
    Phrase(
        "OCT307",
        f"{_VALUE} {_LGBM}",
        "This solver needs samples of at least 2 classes|Unknown label type|Invalid classes inferred"
        r"|y contains 1 class|The number of classes has to be greater|n_splits=\d+ cannot be greater"
        r"|The least populated class|Some value\(s\) of y are out of|loss='\w+' requires"
        r"|\[\w+\]: at least one target|Number of classes must be 1|Classification metrics can't handle"
        "|Target is multi|Label must be in|multi_class must be in|Only one class"
        r"|Classifier can't train when only one class|Requesting \d+-fold cross-validation but",
    ),
    Phrase(
        "OCT303",
        f"{_VALUE} {_TYPE} IntCastingNaNError OverflowError",
        "Input (?:X )?contains|cannot convert (?:float )?(?:NaN|infinity|NA)|Cannot convert non-finite"
        r"|array must not contain infs|boolean value of NA|(?:float|int)\(\) argument must be .* not 'NAType'",
    ),
    Phrase("OCT303", "XGBoostError", r"(?:\[[\d:]+\] )?(?:\S+ )?Check failed: valid: Input data contains"),
    Phrase("OCT309", "LinAlgError FloatingPointError OverflowError ConvergenceWarning", ""),
    Phrase(
        "OCT309",
        f"{_VALUE} RuntimeWarning",
        "math domain error|expected a (?:positive|nonnegative) input|Fitting the mixture model failed"
        "|Floating-point under|The Box-Cox transformation can only"
        "|(?:overflow|invalid value|divide by zero) encountered",
    ),
    Phrase("OCT310", "LossySetitemError", ""),
    Phrase(
        "OCT310",
        f"{_VALUE} {_TYPE} UFuncTypeError _UFuncOutputCastingError",
        "(?:assignment destination|output array|buffer source array) is read-only|cannot set WRITEABLE"
        "|Invalid value '.*' for dtype|Cannot cast ufunc|fill_value=.* cannot be cast|Cannot set non-string value",
    ),
    Phrase(
        "OCT313", _ATTR, rf"Can only use \.\w+ accessor|'(?:float|int)' object has no attribute '(?:{_STR_METHODS})'"
    ),
    Phrase(
        "OCT313",
        f"{_TYPE} {_VALUE}",
        "expected string or bytes-like object|object of type 'float' has no len"
        "|'float' object is not (?:iterable|subscr)|argument of type 'float' is not"
        r"|sequence item \d+: expected str|.{0,40} is an invalid document",
    ),
    Phrase("OCT401", _VALUE, "invalid literal for int", "while it predicts, outside the script"),
    Phrase("OCT401", "IndexError", r"index \d+ is out of bounds for axis 0", "while it predicts, outside the script"),
    Phrase("OCT301", "DTypePromotionError DateParseError OutOfBoundsDatetime", ""),
    Phrase("OCT301", "ArrowNotImplementedError ArrowInvalid", r"Function '\w+' has no kernel|Failed to parse"),
    Phrase("OCT301", "InvalidComparison", ""),
    Phrase("OCT301", "CatBoostError", "Bad value for num_feature|Invalid type for cat_feature|Cannot convert"),
    Phrase("OCT107", _TYPE, "can only concatenate str", "a text of the script is joined"),
    Phrase("OCT301", _ATTR, r"'str' object has no attribute '\w+'", "inside an operation on a column"),
    Phrase(
        "OCT301",
        f"{_VALUE} {_TYPE} UFuncTypeError UFuncNoLoopError _UFuncNoLoopError",
        r"could not convert string|Unable to parse string|pandas dtypes must be|DataFrame\.dtypes for data must"
        r"|Cannot perform reduction|Cannot use \w+ strategy with non-num|(?:dtype|.* dtype) 'str' does not support"
        "|agg function failed|invalid literal for (?:int|float)"
        r"|unsupported operand type.*'(?:str|Timestamp|Timedelta|Datetime\w+|date)'"
        r"|'[<>]=?' not supported between instances of .*'str'|operation '\w+' not supported for dtype"
        "|Invalid comparison|Can only string multiply|can only concatenate str|loop of ufunc does not"
        r"|ufunc '\w+' (?:not supported|did not)|The DType .* could not be promoted"
        r"|float\(\) argument must be .* not '(?:Timestamp|Timedelta|date\w*)'"
        "|must be real number, not (?:str|Timestamp|datetime)|Addition/subtraction of integers"
        r"|cannot perform __\w+__ with|Cannot (?:subtract|compare) tz-|Tz-aware|Unknown datetime string|time data "
        "|Encoders require their input|Cannot interpolate with|You are trying to merge"
        r"|Cannot convert .* to (?:float|numeric)|Cannot cast \w+ (?:to )?dtype|ufunc '?\w+'? cannot use operands"
        "|can't multiply sequence|Could not convert .* to numeric"
        "|.*does not support operation '(?:mean|sum|std|var|median)'",
    ),
)

_REST = (
    Phrase("OCT105", _ATTR, r"'[\w.]+' object has no attribute", "the object is a library's"),
    Phrase(
        "OCT105",
        _ATTR,
        r"module '[\w.]+' has no attribute|`np\.\w+` was removed|type object '\w+' has no"
        r"|This '\w+' has no attribute|\w+ is not available when|Numpy \d+ has removed|`\w+` was removed",
    ),
    Phrase(
        "OCT107",
        "NameError UnboundLocalError IndexError KeyError ZeroDivisionError AssertionError RecursionError StopIteration "
        "NotImplementedError MergeError SyntaxError IndentationError UnicodeDecodeError",
        "",
    ),
    Phrase("OCT107", _ATTR, r"'[\w.]+' object has no attribute"),
    Phrase(
        "OCT107",
        _TYPE,
        r"'\w+' object is not (?:callable|iterable|subscriptable|an iterator)|cannot unpack|unhashable type"
        r"|unsupported operand type.*'NoneType'|'[<>]=?' not supported between|'\w+' object does not support item"
        r"|argument of type '\w+' is not",
    ),
    Phrase(
        "OCT107", _VALUE, "The truth value of|not enough values to unpack|too many values to unpack|.* is not in list$"
    ),
)

PHRASES = (*_USED_UP, *_NOT_HERE, *_CALLED, *_TABLE, *_VALUES, *_REST)
