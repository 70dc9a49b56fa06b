include $(sort $(wildcard $(BR2_EXTERNAL_EDGE_ROUTER_PATH)/package/*/*.mk))
