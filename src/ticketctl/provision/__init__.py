"""What the toolkit does: stack, migrations, search index, health, host."""
