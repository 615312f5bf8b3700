/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "base/wherry-error.h"
#include "ice/wherry-ice-config.h"

static void
test_copy (void)
{
  WherryIceConfig *config = wherry_ice_config_new ();
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_autoptr (WherryIceConfig) copy = NULL;
  g_autoptr (GError) error = NULL;
  const WherryIceStunServer *stun;
  const WherryIceTurnServer *turn;

  wherry_ice_config_add_stun_server (config, "stun.example", 3478);
  wherry_ice_config_add_turn_server (config, "turn.example", 5349, "user", "secret", TRUE);
  g_assert_true (wherry_ice_config_add_bind_address (config, "127.0.0.1", &error));
  g_assert_true (wherry_ice_config_add_bind_address (config, "::1", &error));
  g_assert_true (wherry_ice_config_set_external_address (config, "203.0.113.1", &error));
  g_assert_true (wherry_ice_config_set_port_range (config, 40000, 40100, &error));
  g_assert_no_error (error);
  config->controlling = config->remote_lite = config->relay_only = TRUE;
  config->ice_tcp = config->link_local = TRUE;
  config->no_udp = config->outlives_failure = TRUE;
  config->local_types = WHERRY_ICE_TYPE (HOST);
  config->remote_types = WHERRY_ICE_TYPE (RELAY);
  config->mdns = WHERRY_ICE_MDNS_OFF;
  wherry_ice_config_add_turns_server (config, "tls.example", 443, "other", "secret");
  wherry_ice_config_add_interface (config, "eth0");
  wherry_ice_config_set_tls_ca_file (config, "ca.pem");
  wherry_ice_config_set_resolver (config, resolver);
  copy = wherry_ice_config_copy (config);
  wherry_ice_config_free (config);

  g_assert_cmpuint (copy->stun_servers->len, ==, 1);
  stun = g_ptr_array_index (copy->stun_servers, 0);
  g_assert_cmpstr (stun->host, ==, "stun.example");
  g_assert_cmpuint (stun->port, ==, 3478);
  g_assert_cmpuint (copy->turn_servers->len, ==, 2);
  turn = g_ptr_array_index (copy->turn_servers, 0);
  g_assert_cmpstr (turn->host, ==, "turn.example");
  g_assert_cmpuint (turn->port, ==, 5349);
  g_assert_cmpstr (turn->user, ==, "user");
  g_assert_cmpstr (turn->password, ==, "secret");
  g_assert_true (turn->tcp);
  g_assert_false (turn->tls);
  turn = g_ptr_array_index (copy->turn_servers, 1);
  g_assert_cmpstr (turn->host, ==, "tls.example");
  g_assert_true (turn->tls);
  g_assert_cmpstr (g_ptr_array_index (copy->interfaces, 0), ==, "eth0");
  g_assert_cmpstr (copy->tls_ca_file, ==, "ca.pem");
  g_assert_true (copy->resolver == resolver);
  g_assert_cmpuint (copy->local_types, ==, WHERRY_ICE_TYPE (HOST));
  g_assert_cmpuint (copy->remote_types, ==, WHERRY_ICE_TYPE (RELAY));
  g_assert_cmpint (copy->mdns, ==, WHERRY_ICE_MDNS_OFF);
  g_assert_true (copy->no_udp && copy->outlives_failure);
  g_assert_cmpuint (copy->bind_addresses->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (copy->bind_addresses, 1), ==, "::1");
  g_assert_cmpstr (copy->external_address, ==, "203.0.113.1");
  g_assert_cmpuint (copy->port_min, ==, 40000);
  g_assert_cmpuint (copy->port_max, ==, 40100);
  g_assert_true (copy->controlling && copy->remote_lite && copy->relay_only && copy->ice_tcp
                 && copy->link_local);
}

static void
test_errors (void)
{
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  const char *bad[] = { "", "localhost", "127.0.0.1:80", "[::1]", "256.1.1.1" };
  const guint16 ranges[][2] = { { 2, 1 }, { 0, 1 }, { 65535, 0 } };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (wherry_ice_config_add_bind_address (config, bad[i], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
      g_assert_false (wherry_ice_config_set_external_address (config, bad[i], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      g_assert_false (
          wherry_ice_config_set_port_range (config, ranges[i][0], ranges[i][1], &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_true (wherry_ice_config_set_port_range (config, 0, 0, &error));
  g_assert_true (wherry_ice_config_set_port_range (config, 1, 65535, &error));
  g_assert_true (wherry_ice_config_set_external_address (config, NULL, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-config/copy", test_copy);
  g_test_add_func ("/ice-config/errors", test_errors);
  return g_test_run ();
}
