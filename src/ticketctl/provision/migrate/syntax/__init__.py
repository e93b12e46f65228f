"""SQL text: tokens, statements, and what they are about (pure)."""
