# SeaweedFS with a folder that whichever user it runs as may write.
FROM chrislusf/seaweedfs:4.47@sha256:ce9e796f1fe6f06968f4c04bdaf8f678dad9c8acdfef3d244133d71bfa6bf882

USER 0
RUN mkdir -m 1777 /store
USER 10001:10001
CMD ["server", "-dir=/store", "-s3"]
