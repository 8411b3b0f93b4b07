#include "err.h"

const char *crier_strerror(int err)
{
    switch (err) {
    case 0:
        return "success";
    case CRIER_ENOMEM:
        return "out of memory";
    case CRIER_EINVAL:
        return "malformed input";
    case CRIER_ELIMIT:
        return "limit reached";
    case CRIER_ESTATE:
        return "not allowed in the present state";
    case CRIER_EIO:
        return "input/output error";
    case CRIER_ENOENT:
        return "not found";
    case CRIER_EAGAIN:
        return "try again later";
    case CRIER_EACCESS:
        return "permission problem";
    case CRIER_EVERSION:
        return "made by a newer version";
    case CRIER_ELOCKED:
        return "held by another process";
    case CRIER_ECORRUPT:
        return "damaged data";
    }
    return "unknown error";
}
