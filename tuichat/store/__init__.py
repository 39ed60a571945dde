"""The encrypted database: one file per aggregate, SQL nowhere else."""
