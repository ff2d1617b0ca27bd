PATH=$PATH:/opt/kafka/bin
