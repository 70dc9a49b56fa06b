################################################################################
#
# edge-router
#
################################################################################

# A directory with nothing but the executable: a local site is copied whole.
EDGE_ROUTER_SITE = $(BR2_EXTERNAL_EDGE_ROUTER_PATH)/../out/dist
EDGE_ROUTER_SITE_METHOD = local
EDGE_ROUTER_LICENSE = MIT or Apache-2.0

define EDGE_ROUTER_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/edge-router $(TARGET_DIR)/usr/bin/edge-router
endef

$(eval $(generic-package))
