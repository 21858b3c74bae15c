"""The device that a measurement runs on: its class, its name, and what it supports."""


def device_class(device: str) -> str:
    """The kind of device that golden vectors are kept for: cpu, cuda-sm90, mps."""
    import torch

    if not device.startswith("cuda"):
        return device.partition(":")[0]
    major, minor = torch.cuda.get_device_capability(device)
    return f"cuda-sm{major}{minor}"


def name(device: str) -> str:
    """What people call the device."""
    import platform

    import torch

    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    return f"{device} ({platform.machine()})"


def exact(device: str) -> bool | None:
    """Have products in fp32 made in fp32, which convolutions on GPUs are not by default; whether they are rounded to TF32 now.

    None for a device that has no TF32. It holds for the whole process, so it is for one that only measures.
    """
    import torch

    if not device.startswith("cuda"):
        return None
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return bool(torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32)


def lacking(device: str) -> str:
    """Why this machine has no such device, in one line; empty where it has. Asked where something is to be measured alone."""
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        return "no GPU is visible"
    if device.startswith("mps") and not torch.backends.mps.is_available():
        return "no GPU of Apple's is visible"
    return ""


def begin(device: str) -> None:
    """Start the device's driver, which takes seconds once and is no part of what is timed after."""
    import torch

    if device.startswith("cuda"):
        torch.zeros(1, device=device)
        torch.cuda.synchronize(device)


def precisions(device: str) -> tuple[str, ...]:
    """Precisions that are worth measuring: half precision on a CPU is emulated, so it is left out there."""
    return ("fp32", "bf16", "fp16") if device.startswith("cuda") else ("fp32", "bf16")


def peak_memory(device: str) -> int | None:
    """Greatest memory in use on the device since `reset`, in bytes; None where the device does not count."""
    import torch

    return int(torch.cuda.max_memory_allocated(device)) if device.startswith("cuda") else None


def reset(device: str) -> None:
    """Start counting memory anew."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)


def wait(device: str) -> None:
    """Wait until the device has done what it was given."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
