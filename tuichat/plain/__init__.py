"""tuichat line by line: for screen readers, terminals that can do little, slow links, logs and pipes."""
