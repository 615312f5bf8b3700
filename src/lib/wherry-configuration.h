/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-certificate.h"
#include "lib/wherry-enums.h"
#include "lib/wherry-ice-server.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_CONFIGURATION (wherry_configuration_get_type ())
/**
 * WherryConfiguration:
 *
 * How connections are made (W3C webrtc-pc section 4.2.1, RTCConfiguration) with what a browser
 * would keep to itself: ports, addresses, limits. Everything has a default. A connection reads it
 * when it is made or when it is set; changing it afterwards changes nothing.
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryConfiguration, wherry_configuration, WHERRY, CONFIGURATION, GObject)

/**
 * wherry_configuration_new:
 *
 * Makes one with the default values.
 *
 * Returns: (transfer full): one with the default values: no servers, any address and port, UDP
 */
WHERRY_AVAILABLE_IN_0_1
WherryConfiguration *wherry_configuration_new (void);
/**
 * wherry_configuration_copy:
 * @self: a configuration
 *
 * Copies it; ICE servers and the certificate, which do not change, are shared.
 *
 * Returns: (transfer full): one with the same values
 *
 * Thread: that of @self
 */
WHERRY_AVAILABLE_IN_0_1
WherryConfiguration *wherry_configuration_copy (WherryConfiguration *self);

/**
 * wherry_configuration_add_ice_server:
 * @self: a configuration
 * @server: a STUN or TURN server
 *
 * Adds to [property@Configuration:ice-servers].
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_add_ice_server (WherryConfiguration *self, WherryIceServer *server);
/**
 * wherry_configuration_get_ice_servers:
 * @self: a configuration
 *
 * Gets [property@Configuration:ice-servers].
 *
 * Returns: (transfer none): the servers, as a list of [class@IceServer]
 */
WHERRY_AVAILABLE_IN_0_1
GListModel *wherry_configuration_get_ice_servers (WherryConfiguration *self);
/**
 * wherry_configuration_get_certificate:
 * @self: a configuration
 *
 * Gets [property@Configuration:certificate].
 *
 * Returns: (transfer none) (nullable): the certificate; %NULL: each connection makes its own
 */
WHERRY_AVAILABLE_IN_0_1
WherryCertificate *wherry_configuration_get_certificate (WherryConfiguration *self);
/**
 * wherry_configuration_set_certificate:
 * @self: a configuration
 * @certificate: (nullable): the certificate of this side
 *
 * A connection refuses one that has expired.
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_certificate (WherryConfiguration *self,
                                           WherryCertificate *certificate);

/**
 * wherry_configuration_get_ice_transport_policy:
 * @self: a configuration
 *
 * Gets [property@Configuration:ice-transport-policy].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceTransportPolicy wherry_configuration_get_ice_transport_policy (WherryConfiguration *self);
/**
 * wherry_configuration_set_ice_transport_policy:
 * @self: a configuration
 * @policy: the value
 *
 * Sets [property@Configuration:ice-transport-policy].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_ice_transport_policy (WherryConfiguration *self,
                                                    WherryIceTransportPolicy policy);
/**
 * wherry_configuration_get_candidate_types:
 * @self: a configuration
 *
 * Gets [property@Configuration:candidate-types].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidateTypes wherry_configuration_get_candidate_types (WherryConfiguration *self);
/**
 * wherry_configuration_set_candidate_types:
 * @self: a configuration
 * @types: the value
 *
 * Sets [property@Configuration:candidate-types].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_candidate_types (WherryConfiguration *self,
                                               WherryIceCandidateTypes types);
/**
 * wherry_configuration_get_remote_candidate_types:
 * @self: a configuration
 *
 * Gets [property@Configuration:remote-candidate-types].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
WherryIceCandidateTypes wherry_configuration_get_remote_candidate_types (WherryConfiguration *self);
/**
 * wherry_configuration_set_remote_candidate_types:
 * @self: a configuration
 * @types: without %WHERRY_ICE_CANDIDATE_TYPES_PRFLX, no address is used that was not signaled: not
 *   even that of a host candidate whose name (`.local`) is not resolved
 *
 * Sets [property@Configuration:remote-candidate-types].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_remote_candidate_types (WherryConfiguration *self,
                                                      WherryIceCandidateTypes types);
/**
 * wherry_configuration_get_ice_tcp:
 * @self: a configuration
 *
 * Gets [property@Configuration:ice-tcp].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_configuration_get_ice_tcp (WherryConfiguration *self);
/**
 * wherry_configuration_set_ice_tcp:
 * @self: a configuration
 * @ice_tcp: the value
 *
 * Sets [property@Configuration:ice-tcp].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_ice_tcp (WherryConfiguration *self, gboolean ice_tcp);
/**
 * wherry_configuration_get_bind_addresses:
 * @self: a configuration
 *
 * Gets [property@Configuration:bind-addresses].
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): literal addresses of this machine;
 *   %NULL: those of every interface but loopback
 */
WHERRY_AVAILABLE_IN_0_1
const char *const *wherry_configuration_get_bind_addresses (WherryConfiguration *self);
/**
 * wherry_configuration_set_bind_addresses:
 * @self: a configuration
 * @addresses: (nullable) (array zero-terminated=1): literal IPv4 and IPv6 addresses
 *
 * Only these are used; one that is not a literal address makes connections fail with
 * %WHERRY_ERROR_INVALID_ARGUMENT.
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_bind_addresses (WherryConfiguration *self,
                                              const char *const *addresses);
/**
 * wherry_configuration_get_port_range_begin:
 * @self: a configuration
 *
 * Gets [property@Configuration:port-range-begin].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_configuration_get_port_range_begin (WherryConfiguration *self);
/**
 * wherry_configuration_get_port_range_end:
 * @self: a configuration
 *
 * Gets [property@Configuration:port-range-end].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_configuration_get_port_range_end (WherryConfiguration *self);
/**
 * wherry_configuration_set_port_range:
 * @self: a configuration
 * @begin: first port, 1 to 65535, or 0 with @end 0: any
 * @end: last port
 *
 * Sets the ports that host candidates are opened at.
 *
 * Sets the ports that host candidates are opened at.
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_port_range (WherryConfiguration *self, guint begin, guint end);
/**
 * wherry_configuration_get_max_message_size:
 * @self: a configuration
 *
 * Gets [property@Configuration:max-message-size].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
guint wherry_configuration_get_max_message_size (WherryConfiguration *self);
/**
 * wherry_configuration_set_max_message_size:
 * @self: a configuration
 * @bytes: the value
 *
 * Sets [property@Configuration:max-message-size].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_max_message_size (WherryConfiguration *self, guint bytes);
/**
 * wherry_configuration_get_send_buffer_limit:
 * @self: a configuration
 *
 * Gets [property@Configuration:send-buffer-limit].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
guint64 wherry_configuration_get_send_buffer_limit (WherryConfiguration *self);
/**
 * wherry_configuration_set_send_buffer_limit:
 * @self: a configuration
 * @bytes: the value
 *
 * Sets [property@Configuration:send-buffer-limit].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_send_buffer_limit (WherryConfiguration *self, guint64 bytes);
/**
 * wherry_configuration_get_restart_on_network_change:
 * @self: a configuration
 *
 * Gets [property@Configuration:restart-on-network-change].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_configuration_get_restart_on_network_change (WherryConfiguration *self);
/**
 * wherry_configuration_set_restart_on_network_change:
 * @self: a configuration
 * @restart: the value
 *
 * Sets [property@Configuration:restart-on-network-change].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_restart_on_network_change (WherryConfiguration *self,
                                                         gboolean restart);
/**
 * wherry_configuration_get_own_thread:
 * @self: a configuration
 *
 * Gets [property@Configuration:own-thread].
 *
 * Returns: the value
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_configuration_get_own_thread (WherryConfiguration *self);
/**
 * wherry_configuration_set_own_thread:
 * @self: a configuration
 * @own_thread: the value
 *
 * Sets [property@Configuration:own-thread].
 *
 * Thread: one at a time
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_configuration_set_own_thread (WherryConfiguration *self, gboolean own_thread);

G_END_DECLS
