// The search runs in a worker, and of a page on the disk (file://) browsers start none. There, a hidden frame is one.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      frame.srcdoc = "<body></body>"
      this.frame = new Promise(started => {
        frame.addEventListener("load", () => {
          const inner = frame.contentWindow
          inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", {data}))
          const script = inner.document.createElement("script")
          script.addEventListener("load", () => started(frame))
          script.src = url
          inner.document.body.append(script)
        }, {once: true})
      })
      document.body.append(frame)
    }

    postMessage(data) {
      this.frame.then(frame => frame.contentWindow.dispatchEvent(new MessageEvent("message", {data})))
    }

    terminate() {
      this.frame.then(frame => frame.remove())
    }
  }
}
