// What a browser without tabs of its own opens with.

const firstSteps = `# Welcome to webnet. The button runs an operation
# of your choice, Ctrl-Enter the one at the cursor.

# Who am I?
query WhoAmI {
  viewer {
    user {
      username
      name
    }
    isPlatformOperator
    memberships {
      edges {
        node {
          customer {
            slug
            name
          }
          role
        }
      }
    }
  }
}

# What is installed, and what is on?
query InstalledPlugins {
  plugins(first: 10) {
    edges {
      node {
        name
        version
        status
        enabled
        availability
      }
    }
  }
}

# Switch a plugin on for the whole platform (as a platform operator).
mutation EnableDevices {
  enablePlugin(input: { plugin: "device_inventory" }) {
    ... on EnablePluginPayload {
      changed
      plugin {
        name
        enabled
      }
    }
    ... on Refusal {
      code
      message
    }
  }
}
`;

export const examples = [firstSteps];
