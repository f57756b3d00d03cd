"""Scripts that use up time, memory, processes, disk or output, that wait, or that die of a signal."""

from __future__ import annotations

from tests.corpus.scripts import Case, step

CASES = (
    Case(code="OCT201", name="an endless loop", wall_s=1.5, source=step("while True:\n    pass"), says=("fit",)),
    Case(code="OCT201", name="far too many trees", wall_s=2.0, source=step(
        "return X[NUMBERS]", model="LGBMClassifier(n_estimators=500_000, verbose=-1)"), says=("trees",)),
    Case(code="OCT205", near="OCT201", name="asleep", wall_s=3.0, source=step("import time\ntime.sleep(600)"),
         says=("waits",)),
    Case(code="OCT205", name="a lock that is held", wall_s=3.0, source=step(
        "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\nreturn X"), says=("lock",)),
    Case(code="OCT205", name="a question", source=step("return X if input('go on? ') == 'y' else None"),
         says=("input",)),
    Case(code="OCT199", near="OCT205", name="its own end of input",
         source=step("raise EOFError('EOF when reading a line')")),
    Case(code="OCT202", name="an array beyond all memory", source=step("return np.ones((10_000_000, 1_000_000))"),
         says=("TiB",)),
    Case(code="OCT202", name="memory by and by", memory_mib=700, source=step(
        "held = []\nwhile True:\n    held.append(bytearray(20_000_000))"), says=("MiB",)),
    Case(code="OCT199", near="OCT202", name="its own words for memory", source=step(
        "raise RuntimeError('Unable to allocate 74.5 GiB for an array')")),
    Case(code="OCT199", near="OCT201", name="its own limit of time", source=step("raise TimeoutError('out of time')")),
    Case(code="OCT203", name="a segmentation fault", source=step("import os\nos.kill(os.getpid(), 11)"),
         says=("SIGSEGV",)),
    Case(code="OCT203", name="aborted", source=step("import os\nos.abort()"), says=("SIGABRT",)),
    Case(code="OCT203", name="killed from outside", source=step("import os\nos.kill(os.getpid(), 9)"),
         says=("short of memory",)),
    Case(code="OCT199", near="OCT203", name="a program that ends badly", source=step(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import os; os.abort()'], check=True)")),
    Case(code="OCT204", name="too much printed", source=step("while True:\n    print('x' * 10_000)"), says=("print",)),
    Case(code="OCT204", name="too much written", source=step(
        "with open('big', 'wb') as file:\n    while True:\n        file.write(bytes(1_000_000))"), says=("write",)),
    Case(code="OCT204", name="too many processes", source=step(
        "import os, time\nfor _ in range(200):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\n"
        "time.sleep(60)"), says=("n_jobs",)),
    Case(code="OCT199", near="OCT204", name="its own words for a full disk", source=step(
        "raise OSError(28, 'No space left on device')")),
    Case(code="OCT501", name="more components than columns", source=step(
        "from sklearn.decomposition import PCA\nreturn PCA(50).fit_transform(X[NUMBERS].fillna(0))"),
        says=("columns",)),
    Case(code="OCT501", name="more neighbours than rows", source=step(
        "return X[NUMBERS].fillna(0)", top="from sklearn.neighbors import KNeighborsClassifier",
        model="KNeighborsClassifier(n_neighbors=5000)"), says=("rows",)),
    Case(code="OCT501", name="more levels than boosting takes", source=step(
        "return pd.DataFrame({'r': pd.Categorical(np.arange(len(X)))})",
        model="HistGradientBoostingClassifier(categorical_features='from_dtype', max_bins=100)")),
    Case(code="OCT105", near="OCT501", name="a setting below its range", source=step(
        "from sklearn.decomposition import PCA\nreturn PCA(-1).fit_transform(X[NUMBERS].fillna(0))")),
    Case(code="OCT207", name="a device that LightGBM lacks", source=step(
        "return X[NUMBERS]", model="LGBMClassifier(device='cuda', verbose=-1)"), says=("device",)),
    Case(code="OCT207", name="a graphics processor that is not here", source=step(
        "return X[NUMBERS]", model="LGBMClassifier(device='gpu', verbose=-1)"), says=("device",)),
    Case(code="OCT199", near="OCT206", name="its own words for memory of a device", source=step(
        "raise RuntimeError('CUDA out of memory. Tried to allocate 2.00 GiB')")),
    Case(code="OCT199", near="OCT207", name="its own words for a device", source=step(
        "raise RuntimeError('No CUDA GPUs are available')")),
    Case(code="OCT502", name="a table from the network", source=step(
        "return pd.read_csv('http://127.0.0.1:9/data.csv')"), says=("network",)),
    Case(code="OCT502", name="a host that nobody knows", source=step(
        "from urllib.request import urlopen\nurlopen('http://nowhere.invalid/weights.bin')"), says=("network",)),
    Case(code="OCT502", name="weights that are not here",
         source=step("return open('tabpfn-v2-classifier.ckpt').read()"),
         says=("weights",)),
    Case(code="OCT199", near="OCT502", name="its own words for the network", source=step(
        "raise RuntimeError('Failed to download the weights')")),
)  # fmt: skip
