"""The stack as a Compose file: from settings to text, without asking the machine anything."""
