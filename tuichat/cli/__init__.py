"""The command line: a file for each group of commands, which parses, calls the API, prints and reports."""
