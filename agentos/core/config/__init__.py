"""What a user set, and where: flags, environment, project, user, defaults."""
