"""Our own dark theme: calm, few colours, each with one meaning."""

from __future__ import annotations

from textual.theme import Theme

PODFETCH_DARK = Theme(
    name="podfetch-dark",
    primary="#7aa2c8",
    secondary="#5f7f9e",
    accent="#c8a2d8",
    warning="#e0b264",
    error="#e07a6a",
    success="#86b98f",
    foreground="#d5d9de",
    background="#14181d",
    surface="#191e24",
    panel="#222930",
    boost="#262e37",
    dark=True,
    variables={
        "block-cursor-background": "#2f4458",
        "block-cursor-foreground": "#ffffff",
        "quiet": "#84909c",
        "border": "#3a4550",
        "footer-background": "#191e24",
        "footer-key-foreground": "#7aa2c8",
        "footer-description-foreground": "#a4adb7",
        "scrollbar": "#3a4550",
        "scrollbar-background": "#191e24",
    },
)
DEFAULT = PODFETCH_DARK.name
DEFAULT_VARIABLES = {"quiet": "#8a949f"}
"""Variables that themes of others do not have: ``quiet`` is for what matters less."""
