"""The most memory this process ever held."""

import resource


def peak_mb() -> float:
    """From the kernel's high-water mark where it is told: ru_maxrss also counts the parent that
    forked this process."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
