"""Where scripts run: zygote, supervisor, child, collector."""
