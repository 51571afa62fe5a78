#!lua flags=allow-oom
-- Forget a worker under whose name nothing runs any more. For an hour nobody may join under this name.
-- KEYS: those of a queue
-- ARGV[1] worker
-- Returns: 1.  Cost: O(log n)
redis.call('ZREM', leases, ARGV[1])
redis.call('HDEL', seen, ARGV[1])
redis.call('HDEL', terms, ARGV[1])
redis.call('ZADD', ended, whole(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', ended, '-inf', now - 3600 * 1000)
return 1
