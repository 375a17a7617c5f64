"""The commands, one module for each group; heavy libraries are imported when a command needs them."""
