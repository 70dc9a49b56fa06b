#!/bin/sh
# What a DHCP client of a test machine runs on every event: udhcpc gives the event as $1 and its options as plain variables, dhclient
# and dhcpcd give them as $reason and new_*. Takes the lease up and writes it to the file named beside this script.
file=$(dirname "$0")/lease
case "${reason:-$1}" in
    PREINIT | deconfig) ip link set "$interface" up ;;
    bound | renew | BOUND | REBOOT | RENEW | REBIND)
        address=${ip:-$new_ip_address}
        mask=${subnet:-$new_subnet_mask}
        routers=${router:-$new_routers}
        ip address replace "$address/$mask" dev "$interface"
        for gateway in $routers; do
            ip route replace default via "$gateway" dev "$interface"
            break
        done
        {
            echo "address $address"
            echo "mask $mask"
            echo "routers $routers"
            echo "dns ${dns:-$new_domain_name_servers}"
            echo "domain ${domain:-$new_domain_name}"
            echo "seconds ${lease:-$new_dhcp_lease_time}"
            echo "server ${serverid:-$new_dhcp_server_identifier}"
        } >"$file.new"
        mv "$file.new" "$file"
        ;;
esac
