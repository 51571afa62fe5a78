"""Four bots that post on a social network: how to split work into jobs that fail and retry alone.

It uses the library as any project would, reaches the social service by URL only, and knows nothing of the shop.
"""
