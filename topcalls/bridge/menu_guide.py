"""An automatic menu is walked through towards a goal: by keys, by voice, or both.

How often one may choose, and when one goes in a circle, is told by `core/menus.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.core import answer_phrases
from topcalls.core.answer_plan import AnswerPlan
from topcalls.core.menus import MenuWalk, Prompt


class MenuGuide:
    """`tell_model(text)` lets the model know something, `respond` has it speak, `hang_up(why)` ends
    the call. It hears the call from the first word on, and acts once the menu was `enter`ed."""

    def __init__(
        self,
        agent: Agent,
        plan: AnswerPlan,
        tell_model: Callable[[str], None],
        respond: Callable[[], None],
        hang_up: Callable[[str], None],
    ) -> None:
        self.is_in_menu = False
        self._agent = agent
        self._by = plan.by
        self._walk = MenuWalk(plan.steps)
        self._tell_model = tell_model
        self._respond = respond
        self._hang_up = hang_up

    def enter(self, goal: str) -> None:
        """A menu has answered. The model chooses, unless it chose before that was known."""
        if self.is_in_menu:
            return
        self.is_in_menu = True
        self._walk.enter()
        if self._walk.has_pressed:
            self._tell_model(prompt.menu_message(goal, self._by))
        else:
            self._agent.hush(lambda: self._begin(goal))

    def leave(self) -> None:
        """Somebody, or something, else answers now."""
        self.is_in_menu = False

    def _begin(self, goal: str) -> None:
        self._tell_model(prompt.menu_message(goal, self._by))
        self._respond()

    def speech_began(self) -> None:
        """The far end begins to speak."""
        self._walk.speech_began()

    def heard(self, text: str) -> None:
        """What it said."""
        found = self._walk.heard(answer_phrases.plain(text))
        if not self.is_in_menu:
            return
        if found is Prompt.LOOP:
            self._hang_up("menu_loop")
        elif found is Prompt.AGAIN:
            self._tell_model(prompt.MENU_AGAIN)
        self._mind_budget()

    def pressed(self) -> None:
        """The model has pressed keys."""
        self._walk.pressed()
        self._mind_budget()

    def spoke(self) -> None:
        """The agent is audible."""
        self._walk.spoke()
        self._mind_budget()

    def _mind_budget(self) -> None:
        if self.is_in_menu and self._walk.is_over_budget:
            self._hang_up("menu_steps")
