"""The dashboard: how the fiscal year stands against its goals, what is likely by its end, where help was offered.

``forecast`` and ``whatif`` are pure functions over numbers; ``weeks``, ``months``, ``heat``, ``topics`` and
``coverage`` read; ``charts`` draws; ``words`` says. See docs/kpi.md and docs/adr/0015.
"""
