# The last layer: the applications of a lab are all this one static program (mode 0755), under their own names.
ARG MACHINE
FROM ${MACHINE}
COPY service-program /usr/local/lib/app/runtime
