#!lua flags=no-writes
-- Tell how many jobs of a queue have not ended.
-- KEYS: those of a queue
-- ARGV: none
-- Returns: the number.  Cost: O(1)
return unfinished()
