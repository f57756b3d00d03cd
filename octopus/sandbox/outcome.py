"""A supervisor's report and a child's files → JobResult."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from octopus.dataset import Float
from octopus.protocols import Job, JobResult, Program, ProgramResult
from octopus.records import Failure, Outcome, Stage, Status
from octopus.sandbox.collector import BadResult, Collector, NoResult
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.supervisor import Report


def not_run(reason: str, stage: Stage = "start") -> JobResult:
    """Return the result of a job that the sandbox could not start or did not bring to its end."""
    return JobResult(outcome=Outcome(status="not_run", stage=stage, reason=reason))


def parse_report(raw: bytes) -> Report | None:
    """Return a supervisor's report; None if it ended without one."""
    try:
        return msgspec.json.decode(raw, type=Report)
    except msgspec.DecodeError:
        return None


def describe_end(report: Report) -> str:
    """Return in words how a process ended that was to stay."""
    if report.confinement.problem:
        return f"it could not be confined: {report.confinement.problem}"
    if report.ended != "exited":
        return report.reason
    if report.signal is not None:
        return f"it died of signal {report.signal}"
    return f"it ended itself with exit code {report.exit_code}"


def collect(
    job: Job, directory: JobDirectory, report: Report, *, level: str, note: str, is_tampered: bool
) -> JobResult:
    """Turn what a job left into its result.

    Parameters
    ----------
    job : Job
        What was asked.
    directory : JobDirectory
        What its child left; the tree is dead.
    report : Report
        What the supervisor saw.
    level : str
        What the child was to confine itself to: without its word that it did, nothing of the script has run.
    note : str
        Said in the reason of whatever the outcome is; empty if there is nothing to say.
    is_tampered : bool
        Whether the table is no longer the one that was handed out.

    Returns
    -------
    JobResult
        Predictions and model only if all is well: a refused prediction of rows that were fitted on is no better than
        one of rows that are scored.
    """
    with Collector(directory.outputs) as outputs, Collector(directory.logs) as logs:
        stage, failure = outputs.stage(), outputs.failure()
        status, reason = _ending(report, failure)
        if report.confinement.level != level:
            status, stage, failure, reason = "not_run", "start", None, _unconfined(level, report)
        result = _Result()
        if is_tampered:
            status, reason = "tampered", f"the table {job.features.name} changed while the script ran"
        elif status == "ok":
            try:
                result = _result(job, outputs)
            except NoResult as error:
                status, reason = "no_result", f"the script ended the process itself: {error}"
            except BadResult as error:
                status, reason = "bad_result", str(error)
        outcome = Outcome(
            status=status,
            stage=stage,
            reason="; ".join(part for part in (reason, note) if part),
            exit_code=report.exit_code,
            signal=report.signal,
            wall_s=report.wall_s,
            cpu_s=report.cpu_s,
            max_rss_bytes=report.max_rss_bytes,
            n_leftover_processes=report.n_leftover_processes,
            failure=failure,
            stdout_tail=logs.tail(directory.stdout.name),
            stderr_tail=logs.tail(directory.stderr.name),
        )
    return JobResult(outcome=outcome, predictions=result.predictions, seen=result.seen, model=result.model)


def collect_program(program: Program, directory: JobDirectory, report: Report, *, level: str) -> ProgramResult:
    """Turn what a program left into its result.

    Parameters
    ----------
    program : Program
        What was asked.
    directory : JobDirectory
        What its child left; the tree is dead.
    report : Report
        What the supervisor saw.
    level : str
        What the child was to confine itself to.

    Returns
    -------
    ProgramResult
        Bytes of a plain file of bounded size, or the outcome that tells why not.
    """
    status, reason = _ending(report, None)
    result = None
    if report.confinement.level != level:
        status, reason = "not_run", _unconfined(level, report)
    elif status == "ok":
        try:
            with Collector(program.folder) as folder:
                result = folder.file(program.result, program.max_bytes)
        except NoResult as error:
            status, reason = "no_result", str(error)
        except BadResult as error:
            status, reason = "bad_result", str(error)
    with Collector(directory.logs) as logs:
        outcome = Outcome(
            status=status,
            stage="done" if status == "ok" else "start",
            reason=reason,
            exit_code=report.exit_code,
            signal=report.signal,
            wall_s=report.wall_s,
            cpu_s=report.cpu_s,
            max_rss_bytes=report.max_rss_bytes,
            n_leftover_processes=report.n_leftover_processes,
            stdout_tail=logs.tail(directory.stdout.name),
            stderr_tail=logs.tail(directory.stderr.name),
        )
    return ProgramResult(outcome=outcome, result=result)


@dataclass(frozen=True, kw_only=True)
class _Result:
    """What a job handed back; nothing of it where one part was refused."""

    predictions: Float | None = None
    seen: Float | None = None
    model: bytes | None = None


def _result(job: Job, outputs: Collector) -> _Result:
    if job.kind == "analysis":  # what it printed is in the outcome
        return _Result()
    return _Result(
        predictions=outputs.predictions(len(job.predict_rows), job.n_classes),
        seen=None if job.seen_rows is None else outputs.seen(len(job.seen_rows), job.n_classes),
        model=outputs.model(job.limits.disk_bytes) if job.kind == "fit" else None,
    )


def _unconfined(level: str, report: Report) -> str:
    if report.ended == "closed":
        return report.reason
    return f"the child could not be confined to {level!r}, so the script did not run: {report.confinement.problem}"


def _ending(report: Report, failure: Failure | None) -> tuple[Status, str]:
    if report.ended == "closed":
        return "not_run", report.reason
    if report.ended != "exited":
        return report.ended, report.reason
    if report.signal is not None:
        return "killed", f"it died of signal {report.signal}"
    if failure is not None:
        return "error", ""
    if report.exit_code:
        return "no_result", f"the process ended itself with exit code {report.exit_code} and left no result"
    return "ok", ""
