"""What Linux offers to confine a process, by ctypes: no privilege, no package, no compiler."""
