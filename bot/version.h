/* version: the number of this program, from the Makefile. */
#ifndef CRIER_VERSION_H
#define CRIER_VERSION_H

#ifndef CRIER_VERSION
#define CRIER_VERSION "0.1.0"
#endif

#endif
