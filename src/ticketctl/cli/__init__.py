"""The command: parse, call one feature, render."""
