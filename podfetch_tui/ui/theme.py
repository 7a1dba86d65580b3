"""Our own themes: calm, few colours, each with one meaning. All of Textual's can be had too."""

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
PODFETCH_LIGHT = Theme(
    name="podfetch-light",
    primary="#1f5f99",
    secondary="#4a6f8f",
    accent="#7a3f96",
    warning="#8a5a00",
    error="#b3261e",
    success="#2b6e3f",
    foreground="#1d2329",
    background="#fbfaf7",
    surface="#f3f2ed",
    panel="#e6e4dc",
    boost="#dcd9cf",
    dark=False,
    variables={
        "block-cursor-background": "#cfe0ef",
        "block-cursor-foreground": "#0c1014",
        "quiet": "#5c6670",
        "border": "#b9b6ab",
        "footer-background": "#f3f2ed",
        "footer-key-foreground": "#1f5f99",
        "footer-description-foreground": "#454d55",
        "scrollbar": "#b9b6ab",
        "scrollbar-background": "#f3f2ed",
    },
)
# The colours of Okabe and Ito: told apart with every kind of colour vision.
PODFETCH_CB = Theme(
    name="podfetch-cb",
    primary="#56b4e9",
    secondary="#0072b2",
    accent="#cc79a7",
    warning="#e69f00",
    error="#d55e00",
    success="#56b4e9",
    foreground="#e8e8e8",
    background="#101418",
    surface="#161b20",
    panel="#20262c",
    boost="#2a3138",
    dark=True,
    variables={
        "block-cursor-background": "#005a8c",
        "block-cursor-foreground": "#ffffff",
        "quiet": "#9aa4ad",
        "border": "#46525d",
        "footer-background": "#161b20",
        "footer-key-foreground": "#56b4e9",
        "footer-description-foreground": "#b4bcc4",
        "scrollbar": "#46525d",
        "scrollbar-background": "#161b20",
    },
)
PODFETCH_HC = Theme(
    name="podfetch-hc",
    primary="#ffffff",
    secondary="#d0d0d0",
    accent="#ff9bff",
    warning="#ffd400",
    error="#ff8080",
    success="#7dff7d",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    boost="#303030",
    dark=True,
    variables={
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
        "quiet": "#d0d0d0",
        "border": "#ffffff",
        "footer-background": "#000000",
        "footer-key-foreground": "#ffd400",
        "footer-description-foreground": "#ffffff",
        "scrollbar": "#ffffff",
        "scrollbar-background": "#303030",
    },
)
OURS = (PODFETCH_DARK, PODFETCH_LIGHT, PODFETCH_CB, PODFETCH_HC)
DEFAULT = PODFETCH_DARK.name
DEFAULT_VARIABLES = {"quiet": "#8a949f"}
"""Variables that themes of others do not have: ``quiet`` is for what matters less."""
