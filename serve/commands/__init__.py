"""The subcommands of ``boilover``, one a module, found through the entry points ``boilover.commands``."""
