"""The ground that high-demand ticket sales stand on.

Importing this package imports no third-party module and opens no connection.
"""

__version__ = "0.1.0"
