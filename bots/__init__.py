"""Four bots that post on a social network, each by its own job.

They show how to split work into jobs that fail and retry alone. They use the library as any project
would, reach the social service by URL only, and know nothing of the shop.
"""
