// SPDX-License-Identifier: Apache-2.0

import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/** Offers Stock without a registry: Provider PORT. */
public final class Provider {
  private static final class Shelf implements Stock {
    @Override
    public int take(int count) {
      return count;
    }

    @Override
    public String list(int length) {
      return "x".repeat(length);
    }

    @Override
    public int put(String what) {
      return what.length();
    }

    @Override
    public void refuse() throws Refused {
      throw new Refused();
    }

    @Override
    public void fail() {
      throw new IllegalStateException("broken");
    }
  }

  private Provider() {}

  public static void main(String[] arguments) {
    var application = new ApplicationConfig("provider");
    application.setQosEnable(false);
    var protocol = new ProtocolConfig("dubbo", Integer.parseInt(arguments[0]));
    protocol.setSerialization("hessian2");
    protocol.setPayload(4 << 20);
    var service = new ServiceConfig<Stock>();
    service.setInterface(Stock.class);
    service.setRef(new Shelf());
    DubboBootstrap.getInstance()
        .application(application)
        .registry(new RegistryConfig("N/A"))
        .protocol(protocol)
        .service(service)
        .start()
        .await();
  }
}
