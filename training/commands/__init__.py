"""Subcommands of ``boilover`` that need the ``train`` extra, one a module."""
