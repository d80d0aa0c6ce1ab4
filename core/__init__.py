"""ConvNet Workbench without a screen: layers, data, models, training, serving, runs and figures."""
