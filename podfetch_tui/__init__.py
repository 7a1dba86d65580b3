"""PodFetch: a podcast archive that runs for months and loses nothing.

One feed goes through the packages in this order: ``config`` → ``engine`` (schedule,
dispatch) → ``pipeline`` (poll, parse, identify, download, validate, record, derive)
over the adapters ``net feeds media catalog storage sandbox``. See
``docs/architecture.md``.
"""

__version__ = "0.1.0"
