# tap-netsuite, target-netsuite and suitetalk, without compilers, and not as root:
#   docker build --tag netsuite-singer .
#   docker run --rm --volume "$PWD:/work" netsuite-singer tap-netsuite --config config.json --discover
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /source
COPY requirements.lock ./
# The versions that the tests ran with; of those, what the package needs.
RUN python -m venv /opt/netsuite-singer \
 && sed -E '/^ +--hash/d; s/ *\\$//' requirements.lock > constraints.txt
COPY . ./
RUN /opt/netsuite-singer/bin/pip install --no-cache-dir --constraint constraints.txt '.[parquet]'

FROM python:${PYTHON}-slim
COPY --from=build /opt/netsuite-singer /opt/netsuite-singer
# A number, so that Kubernetes can see that it is not root; the user has no home, and needs none.
RUN mkdir /state /work && chown 10001:10001 /state /work
ENV PATH=/opt/netsuite-singer/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_STATE_HOME=/state \
    XDG_CACHE_HOME=/state/cache
USER 10001:10001
# What lasts from run to run: the target's journal, the tap's remembered keys and catalogs, the tokens of a login.
VOLUME /state
WORKDIR /work
CMD ["suitetalk", "--help"]
