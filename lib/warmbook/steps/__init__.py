"""The guide's sections as functions: find before create, wait on named conditions."""
