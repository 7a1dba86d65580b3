"""What is done when an alert is raised or cleared: a webhook, a program of the operator's."""
