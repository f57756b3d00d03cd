"""Words that say nothing of a table: those of pandas, NumPy, scikit-learn, LightGBM and of our own rules."""

from __future__ import annotations

_CORE = """
    a an and any are as at be but by can for from has have if in into is it its no not of on or so than that the
    then this to was were will with you your all nan nat null none na missing unknown true false inf infinity float
    int integer string str object bool boolean number numeric array list tuple dict set dtype type value values
    column columns row rows index key keys name length error exception warning line file data frame series dataframe
    mean std min max count sum median
"""

_WORDS = """
    above absolute abstract accelerator acceleratorerror accept accepts access accessor accuracy actual add added
    addition affinity after afterwards again against agree agreement alias aligned alike alive alloc allocate allow
    allowed almost alone always ambiguous among annotations another answer api appears append appended applied apply
    applymap approved argmax argsort argument arguments arraymemoryerror arrays arrowinvalid arrowmemoryerror
    arrownotimplementederror ascii ask asked asks assertion assertionerror assign assigned assignment astype
    attempting attribute attributeerror attributes available aware axes axis back backend bad base baseestimator
    bases batches been before bends beside between beyond bfill bin binary bincount bins bit bits blockingioerror
    blocks boosting both bound bounds branch breaks brier broadcast broadcasting brokenprocesspool buffer bug build
    builtin byte bytes cache calculated calibrate calibratedclassifiercv call callable callbacks calling calls
    cannot capacity cardinality case cast cat catboost catboosterror categorical categoricaldtype categories
    category cell cells certain chained chance change changed changes characters check choices choosing chosen chunk
    class classes classification classifier classifiers clean clip clipped clone clusters code codec codes coef
    coerce coincide col collect collection cols columnnotfounderror columntransformer come comes command common
    compare comparing comparison compiled complex complex128 components compute computed concat concatenate
    concatenated concatenation condition config configuration confirm conftest connect connecterror connectionerror
    connectionrefusederror connecttimeout constant constructor contain container containing contains contiguous
    contract converge convergencewarning conversion convert converted converting coo copied copies copy core corr
    corrcoef correct correlation could couldn counts cov cpu crashed created crosstab cublas cuda cudnn current cut
    cutoff cv dataframegroupby dataset date dateparseerror dates datetime datetime64 datetimearray datetimeindex
    decide decision decode default define defined dense depend dependency depends deprecated deprecation depth
    describe description deserialize destination detected dev deviance deviation device diagonal did diff differ
    different differs dim dimension dimensional directory disabled disagree discrete disk displayed distances
    distinct distribution diverge divide division divisor dob document does done doubt down download driver drop
    dropped dtypepromotionerror dtypes due dummies dummy duplicate duplicated duplicates during dynamic each earlier
    early element elements else empty enable enabled encode encoded encoders encoding encountered end ended endswith
    engine enough ensemble entire entities entries entropy eof eoferror epoch epochs epsilon equals errno errors
    estimator estimators etc eval evaluation even event every evidence exact exceed exceeded exceeds excluded
    executed exist existent exit exp expected experiment experimental experiments explicitly exponential export
    expression extra failed failing failure family fast feature features fetch fetches few fewer ffill fields fifth
    fileexistserror filenotfounderror files fill filled fillna fills filter filtered filters final find fine finite
    first fit fits fitted fitting fixed flag flat flatters float16 float32 float64 floating floatingpointerror
    floats fold folder folds follow following follows forest form format formats found founded freq frequencies
    frequency frozenset function functions future gain gamma gap gaps gatedrepoerror gb generated generator get give
    given gives goes got gpu gradient greater grid group groupby groups guide handed handle happened hash hashable
    head header held here hfhubhttperror hidden hint histogram hold holdout holds httperror https hyper hypothesis
    idea identical identically identifier ignore ignored ill iloc imblearn implementation implemented import
    importerror imports impute imputer in1d includes including incompatible inconsistent incorrect increase
    indentationerror indexerror indexing indexingerror indices individual infer inferred infinite infinities info
    infs init inner inplace input inside installed instance instances instead int16 int32 int64 int8
    intcastingnanerror integers intermediate internal interpolate interval invalid invalidcomparison
    invalidindexerror invalidparametererror inverse isadirectoryerror isdigit isin issue item items iter iterable
    iteration iterations iterator iteritems itself join joined json kb keep keeps kept kernel keyerror keyword
    killed kind know known knows kurt kurtosis kwargs label labeled labels lacks lag lags lambda large lasso last
    later latest layer layers leaf learn learned learner learning least leave leaves left len lengths less let level
    levels library lie lies lightgbm lightgbmerror like likely limit linalg linalgerror linear listed lists literal
    load loaded loc local localentrynotfounderror lock locks log log1p logarithm logic logistic logits loglike
    logloss long longer look looked looks lookup loop loss lossysetitemerror lower lowercase lstrip machine macro
    makes malformed many map mapping margins match math matmul matrices matrix maximum maxretryerror mb means melt
    member memory memoryerror merge merged mergeerror message messages method metric metrics minds minimum mismatch
    missed mixture model models modes modified module modulenotfounderror modulo monotone more most much multi
    multiclass multiindex multilabel multioutput multiple multiply must named nameerror nameresolutionerror names
    narrower native natype ndarray ndframe near nearly need needs neg negative neighbors nested network never new
    newconnectionerror next nlargest nobody non nonetype nonnegative normal normalize normalized notadirectoryerror
    noted notfittederror nothing notimplementederror notna notnull now nowhere nsmallest nullable num numbered
    numbers numerical numpy nunique objective objects observations observed off offers offlinemodeisenabled offsets
    omit once one onehotencoder ones only onnx opencl operand operands operation optional optuna order ordered
    ordinal ordinalencoder origin oserror other others out outcomes outlier outliers outofboundsdatetime
    outofmemoryerror output outside over overflow overflowerror overlap overlapping overwritten own owner package
    pandas parallel parameter params parse parser parsing part partial parts pass passed path penalties penalty per
    percentile percentiles perfect perform period permissionerror pickle pickled picklingerror pipeline pipelines
    pipes pivot place plateau please point polars populated position positions positive possible post power
    powertransformer precision predict predicted prediction predictions predictor predictors predicts prefix
    preprocess preprocessing present previous previously print printed prior private proba probabilities probability
    process processes processor product promoted properties property protected proxyerror public puts python
    quantile quantiles quarantined quit quoted raise raises random randomstate range rangeindex rank ranking rare
    ratios ravel reach reached read reading real reali reason recall recent recognised recommended record recover
    recursion recursionerror reduced reduction ref reference refused regex regression regressor regularisation
    regularise regularized reindex rejected related relative remainder remaining remind removed removing rename
    repeated replace replaced reply reported repositorynotfounderror requesting require required requires resample
    reserved reset reshape reshaping residual residuals resolved rest restore restored result results retry return
    returns reverse ridge right robust roc role rolling root rounded rounds rowid rstrip rule rules run runner
    running runs runtimeerror runtimewarning safe same sample sampled samples saturated save saving saw says scalar
    scale scaled scaler scaling scikit scipy score scored scores scoring script searchsorted see seed seems seen
    select selected selector self sep separate separator sequence serial seriesgroupby session setitem sets setter
    setting settings shape shapes share shared shift shifted short shorter should showing shuffle sides sign signal
    significant silent simple simpler single singular size skew skewed skewness skipped sklearn sleep slice slices
    slicing slower smaller solver some something sort sorted source sources sparse sparsematrix special specified
    specify specifying spellings split splits sqrt squared squares sslcertverificationerror sslerror stable stack
    stacked stacking stage stages stand standard standardscaler start started startswith state statistics
    statsmodels status stays step steps stop stopiteration stopping stored strategy stratify strictly stringdtype
    strings strip strong structure style subscr subscriptable subset subtract subtraction such suffix summary super
    support supported supports sure surer suspect svd svm switch symmetric symptom syntax syntaxerror sys systemexit
    taberror table tables tabpfncudaoutofmemoryerror tabpfnhuggingfacegatedrepoerror tabpfnlicenseerror
    tabpfnmpsoutofmemoryerror tabpfnvalidationerror tags tail take takes tampered target targetencoder targets task
    tasks tell tells temperature template tenth terminated terminatedworkererror testing tests text texts their them
    there these things those thread threshold thresholds through time timed timedelta timedelta64 timeout timestamp
    title together tokens tol tolerance too top torch total trace traceback train trained training transform
    transformation transformed transformedtargetregressor transformer transformers transforms transposed trapezoid
    trapz tree trees trend tried truncated truncatedsvd truth try trying tuples typeerror types typing ufunc
    ufuncnolooperror ufuncoutputcastingerror ufunctypeerror uint uint16 uint32 uint64 uint8 unable unbalanced
    unbounded unboundlocalerror uncertain undefinedvariableerror under underscore unexpected unfitted unhashable
    unicode unicodedecodeerror unique unit units unnamed unordered unpack unseen unsetmetadatapassederror
    unspecified unstable unsupported until unused unweighted updated updating upper urlerror usable usage use used
    user using utf utf8 valid validation valueerror valueless var variable variables variance variations vector
    vectorisers vectorizer verbose verify version versions view views violated waits warned warnings way weigh
    weight weighted weights what when where whether which while whitespace whole wide within without words work
    worker worth wrapper write writeable writes written wrong xgboost xgboosterror xs ys zero zerodivisionerror
    zeros zip zscore
"""

#: How libraries speak. Runs of these words are theirs, even where a cell of a table holds them as well.
MESSAGES = """
could not convert string to float
Could not convert string to numeric
Unable to parse string at position
invalid literal for int() with base 10
cannot convert float NaN to integer
Input X contains NaN, infinity or a value too large for dtype('float64')
Input y contains NaN. Input contains infinity
does not accept missing values encoded as NaN natively
You might want to consider HistGradientBoostingClassifier and Regressor
it is possible to preprocess the data, for instance by using an imputer transformer in a pipeline
None of Index are in the columns. not in index. not found in axis
columns are missing. is not in list. is not in range. is out of bounds for axis 0 with size
Found unknown categories in column during transform
y contains previously unseen labels
Found input variables with inconsistent numbers of samples
X has features, but is expecting features as input
The feature names should match those that were passed during fit
Feature names seen at fit time, yet now missing. Feature names unseen at fit time
Expected 2D array, got 1D array instead. Reshape your data either using array.reshape(-1, 1)
if your data has a single feature or array.reshape(1, -1) if it contains a single sample
operands could not be broadcast together with shapes. Length of values does not match length of index
Length mismatch: Expected axis has elements, new values have elements
object has no attribute. module has no attribute. type object has no attribute
got an unexpected keyword argument. missing 1 required positional argument
takes 1 positional argument but 2 were given. got multiple values for argument
name is not defined. No module named. cannot import name from
object is not callable. object is not iterable. object is not subscriptable. unhashable type
unsupported operand type(s) for. not supported between instances of
can only concatenate str (not "int") to str. must be real number, not str
Cannot perform reduction with string dtype. agg function failed [how->mean,dtype->object]
dtype does not support operation. does not support reduction
Cannot setitem on a Categorical with a new category, set the categories first
The truth value of a Series is ambiguous. Use a.empty, a.bool(), a.item(), a.any() or a.all()
setting an array element with a sequence. The requested array has an inhomogeneous shape after
not enough values to unpack. too many values to unpack. list index out of range. division by zero
time data doesn't match format. Unknown datetime string format, unable to parse
Can only use .str accessor with string values. Can only use .dt accessor with datetimelike values
The parameter of must be an int in the range, a float in the range, a str among or None. Got instead
This instance is not fitted yet. Call with appropriate arguments before using this estimator
This solver needs samples of at least 2 classes in the data, but the data contains only one class
Unknown label type: continuous. Maybe you are trying to fit a classifier
The least populated class in y has only 1 member, which is too few. n_splits cannot be greater than the number of
cannot reindex on an axis with duplicate labels. Can only compare identically-labeled Series objects
Columns must be same length as key. All arrays must be of the same length. Must pass 2-d input
pandas dtypes must be int, float or bool. Fields with bad pandas dtypes. DataFrame.dtypes for data must be
Do not support special JSON characters in feature name. Feature appears more than one time
A given column is not a column of the dataframe. Specifying the columns using strings is only supported for dataframes
Traceback (most recent call last). The above exception was the direct cause of the following exception
During handling of the above exception, another exception occurred
Name: count, dtype: int64. Name: proportion, dtype: float64. rows x columns
"""

#: Words without which no message can be read, and those for types and for missing values: never hidden.
CORE = frozenset(_CORE.split())
#: Words of libraries and of our rules: hidden only where one of them is all that a rare cell holds.
WORDS = frozenset(_WORDS.split())
