"""Constructor parameters and the rows of ``fit`` → what a search takes: the question, the plug-ins and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from octopus.descriptions import read_descriptions
from octopus.explore import Parts
from octopus.incumbent import incumbent_script, is_incumbent
from octopus.intake.rows import Intake, read_input
from octopus.journal import Journal
from octopus.options import Options, read_options
from octopus.plugins import author_of, choose_families, choose_scientist, is_ours, load_rules, open_sandbox
from octopus.protocols import Family, GoalQuestion, Scientist
from octopus.question import ask, goal_question, have_read, read_seed
from octopus.records import Author, GoalReading, Script
from octopus.search import Question, Settings


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """What was given, checked, before anything runs.

    Parameters
    ----------
    parameters : mapping of str to object
        Of the estimator.
    options : Options
        What they mean on this machine.
    families : tuple of Family
        Kinds of models that may take part.
    scientist : Scientist
        Who leads.
    intake : Intake
        The rows.
    incumbent : Script or None
        The user's present model.
    """

    parameters: Mapping[str, Any]
    options: Options
    families: tuple[Family, ...]
    scientist: Scientist
    intake: Intake
    incumbent: Script | None = None

    @property
    def goal(self) -> str:
        """The user's words."""
        return self.parameters["goal"] or ""

    @property
    def settings(self) -> Settings:
        """The user's choices about the way."""
        options = self.options
        return Settings(
            budget=options.budget,
            columns=options.columns,
            cv=self.parameters["cv"],
            holdout=options.holdout,
            refit=options.refit,
            n_jobs=options.n_jobs,
            memory_bytes=options.memory_bytes,
            privacy=options.privacy,
            descriptions=options.descriptions,
            incumbent=self.incumbent,
        )

    @property
    def goal_question(self) -> GoalQuestion:
        """What a language model is told to read the goal."""
        return goal_question(self.intake, self.goal, self.options)

    def question(self, before: Journal | None) -> Question:
        """Return what is asked; a scientist that can read the goal is asked for it, unless the run before was told."""
        return self.plain_question(have_read(self.scientist, self.goal_question, before))

    def plain_question(self, reading: GoalReading | None = None) -> Question:
        """Return what is asked, by the goal's own words and what somebody has read out of them."""
        seed = read_seed(self.parameters["random_state"])
        return ask(self.intake, self.goal, self.parameters["scoring"], seed, reading)

    def parts(self, author: Author) -> Parts:
        """Return the plug-ins, the sandbox opened for scripts by this author."""
        crash_rules, symptom_rules = load_rules()
        return Parts(
            scientist=self.scientist,
            author=author,
            is_ours=is_ours(self.scientist),
            families=self.families,
            sandbox=open_sandbox(self.parameters["sandbox"], self.families, self.options.n_jobs, author),
            crash_rules=crash_rules,
            symptom_rules=symptom_rules,
        )

    def author(self, before: Journal | None) -> Author:
        """Return who writes the scripts at worst, those of the run before among them."""
        wrote = (
            {one.script.author for one in before.experiments if not is_incumbent(one)} if before is not None else set()
        )
        return "model" if wrote - {"playbook"} else author_of(self.scientist)


def assemble(
    parameters: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    sample_weight: Any = None,
    holdout: tuple[Any, Any] | None = None,
) -> Assembly:
    """Check the parameters and read the rows.

    Parameters
    ----------
    parameters : mapping of str to object
        As ``get_params(deep=False)`` gives them.
    X, y : object
        As ``fit`` takes them.
    groups, sample_weight, holdout : object
        As :func:`octopus.intake.rows.read_input` takes them.

    Returns
    -------
    Assembly
        Nothing has been asked or run yet.

    Raises
    ------
    InvalidParameter, InvalidData, UnsupportedTask, PluginError
        Something cannot be used; the message says what, why and what to do.
    """
    options = read_options(parameters)
    families = choose_families(parameters["families"], options.budget.time_limit_s)
    scientist = choose_scientist(parameters["backend"], families, parameters["fix_backend"])
    intake = read_input(
        X, y, groups=groups, sample_weight=sample_weight, holdout=holdout,
        task=parameters["task"], goal=parameters["goal"] or "", columns=options.columns,
    )  # fmt: skip
    words = read_descriptions(parameters["descriptions"], (*intake.names, intake.target_name))
    options = replace(options, descriptions=words)
    present, classes = parameters.get("incumbent"), intake.target.classes
    return Assembly(
        parameters=parameters,
        options=options,
        families=families,
        scientist=scientist,
        intake=intake,
        incumbent=None if present is None else incumbent_script(present, None if classes is None else list(classes)),
    )
