"""The pages: what each shows, asked from `jobs.inspect` and nothing else."""
