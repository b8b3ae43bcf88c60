"""The ground every other package stands on: errors, clock, secrets and progress. Imports nothing of ours."""
