"""From result rows to tables, figures and the report page."""
