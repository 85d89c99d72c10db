// SPDX-License-Identifier: Apache-2.0

/** What the provider offers. */
public interface Stock {
  int take(int count);

  /** As many characters as are asked for. */
  String list(int length);

  int put(String what);

  /** Throws what the method declares. */
  void refuse() throws Refused;

  /** Throws what it does not declare. */
  void fail();

  class Refused extends Exception {
    private static final long serialVersionUID = 1;

    public Refused() {
      super("no");
    }
  }
}
