# For the parts of the brokers: nodes in Rust and in Python around one.
test_cluster() {
  install_python_packages brokers venv-brokers
  cd tests/brokers
  PATH=$PATH:/usr/sbin "$cache/venv-brokers/bin/python" -m pytest --broker "$@"
}
