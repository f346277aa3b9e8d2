"""What is remembered of requests: those that are done, so that none is done twice, and how many came."""
